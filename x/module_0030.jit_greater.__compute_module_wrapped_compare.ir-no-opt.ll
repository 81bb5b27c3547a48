; ModuleID = '__compute_module___compute_module_wrapped_compare'
source_filename = "__compute_module___compute_module_wrapped_compare"
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

%XLA_CPU_KernelCallFrame = type { ptr, ptr, i64, ptr }
%XLA_CPU_KernelArg = type { ptr, i64 }
%kernel_dim3 = type { i64, i64, i64 }

define ptr @wrapped_compare(ptr %0) {
  %2 = getelementptr inbounds %XLA_CPU_KernelCallFrame, ptr %0, i32 0, i32 3
  %3 = load ptr, ptr %2, align 8, !invariant.load !3
  %4 = getelementptr inbounds %XLA_CPU_KernelArg, ptr %3, i32 0, i32 0
  %5 = load ptr, ptr %4, align 8, !invariant.load !3
  %6 = getelementptr inbounds %XLA_CPU_KernelArg, ptr %3, i32 1, i32 0
  %7 = load ptr, ptr %6, align 8, !invariant.load !3
  %8 = getelementptr inbounds %XLA_CPU_KernelArg, ptr %3, i32 2, i32 0
  %9 = load ptr, ptr %8, align 8, !invariant.load !3
  %10 = getelementptr inbounds %XLA_CPU_KernelCallFrame, ptr %0, i32 0, i32 1
  %11 = load ptr, ptr %10, align 8
  %12 = getelementptr inbounds %kernel_dim3, ptr %11, i32 0, i32 0
  %13 = load i64, ptr %12, align 4, !invariant.load !3
  %14 = call i64 @llvm.smax.i64(i64 %13, i64 0)
  %15 = call i64 @llvm.smin.i64(i64 %14, i64 1)
  br label %16

16:                                               ; preds = %19, %1
  %17 = phi i64 [ %20, %19 ], [ %15, %1 ]
  %18 = icmp slt i64 %17, 1
  br i1 %18, label %19, label %21

19:                                               ; preds = %16
  call void @wrapped_compare_impl(ptr %5, ptr %5, i64 0, i64 1, i64 58, i64 58, i64 1, ptr %7, ptr %7, i64 0, i64 1, i64 58, i64 58, i64 1, ptr %9, ptr %9, i64 0, i64 1, i64 58, i64 58, i64 1, i64 %17)
  %20 = add i64 %17, 1
  br label %16

21:                                               ; preds = %16
  ret ptr null
}

; Function Attrs: alwaysinline
define internal void @wrapped_compare_impl(ptr %0, ptr %1, i64 %2, i64 %3, i64 %4, i64 %5, i64 %6, ptr %7, ptr %8, i64 %9, i64 %10, i64 %11, i64 %12, i64 %13, ptr %14, ptr %15, i64 %16, i64 %17, i64 %18, i64 %19, i64 %20, i64 %21) #0 {
  %23 = alloca float, i64 64, align 4
  br label %24

24:                                               ; preds = %27, %22
  %25 = phi i64 [ %33, %27 ], [ 0, %22 ]
  %26 = icmp slt i64 %25, 58
  br i1 %26, label %27, label %34

27:                                               ; preds = %24
  %28 = add nuw nsw i64 0, %25
  %29 = getelementptr inbounds nuw float, ptr %1, i64 %28
  %30 = load float, ptr %29, align 4
  %31 = add nuw nsw i64 0, %25
  %32 = getelementptr inbounds nuw float, ptr %23, i64 %31
  store float %30, ptr %32, align 4
  %33 = add i64 %25, 1
  br label %24

34:                                               ; preds = %24
  %35 = alloca float, i64 64, align 4
  br label %36

36:                                               ; preds = %39, %34
  %37 = phi i64 [ %45, %39 ], [ 0, %34 ]
  %38 = icmp slt i64 %37, 58
  br i1 %38, label %39, label %46

39:                                               ; preds = %36
  %40 = add nuw nsw i64 0, %37
  %41 = getelementptr inbounds nuw float, ptr %8, i64 %40
  %42 = load float, ptr %41, align 4
  %43 = add nuw nsw i64 0, %37
  %44 = getelementptr inbounds nuw float, ptr %35, i64 %43
  store float %42, ptr %44, align 4
  %45 = add i64 %37, 1
  br label %36

46:                                               ; preds = %36
  %47 = alloca i8, i64 64, align 64
  br label %48

48:                                               ; preds = %51, %46
  %49 = phi i64 [ %60, %51 ], [ 0, %46 ]
  %50 = icmp slt i64 %49, 64
  br i1 %50, label %51, label %61

51:                                               ; preds = %48
  %52 = add i64 0, %49
  %53 = getelementptr float, ptr %23, i64 %52
  %54 = load <8 x float>, ptr %53, align 4
  %55 = getelementptr float, ptr %35, i64 %52
  %56 = load <8 x float>, ptr %55, align 4
  %57 = fcmp ogt <8 x float> %54, %56
  %58 = zext <8 x i1> %57 to <8 x i8>
  %59 = getelementptr i8, ptr %47, i64 %52
  store <8 x i8> %58, ptr %59, align 1
  %60 = add i64 %49, 8
  br label %48

61:                                               ; preds = %48
  %62 = getelementptr i8, ptr %15, i64 %16
  call void @llvm.memcpy.p0.p0.i64(ptr %62, ptr %47, i64 58, i1 false)
  ret void
}

; Function Attrs: nocallback nocreateundeforpoison nofree nosync nounwind speculatable willreturn memory(none)
declare i64 @llvm.smax.i64(i64, i64) #1

; Function Attrs: nocallback nocreateundeforpoison nofree nosync nounwind speculatable willreturn memory(none)
declare i64 @llvm.smin.i64(i64, i64) #1

; Function Attrs: nocallback nofree nosync nounwind willreturn memory(argmem: readwrite)
declare void @llvm.memcpy.p0.p0.i64(ptr noalias writeonly captures(none), ptr noalias readonly captures(none), i64, i1 immarg) #2

attributes #0 = { alwaysinline }
attributes #1 = { nocallback nocreateundeforpoison nofree nosync nounwind speculatable willreturn memory(none) }
attributes #2 = { nocallback nofree nosync nounwind willreturn memory(argmem: readwrite) }

!llvm.module.flags = !{!0, !1}
!xla_cpu_memory_region_name = !{!2}

!0 = !{i32 2, !"Debug Info Version", i32 3}
!1 = !{i32 1, !"xla_dylib_index", i64 0}
!2 = !{!"xla_cpu_emitter__tiled_emitter__hlo_opcode__fusion"}
!3 = !{}
