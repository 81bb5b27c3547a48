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
  %8 = getelementptr inbounds %XLA_CPU_KernelCallFrame, ptr %0, i32 0, i32 1
  %9 = load ptr, ptr %8, align 8
  %10 = getelementptr inbounds %kernel_dim3, ptr %9, i32 0, i32 0
  %11 = load i64, ptr %10, align 4, !invariant.load !3
  %12 = call i64 @llvm.smax.i64(i64 %11, i64 0)
  %13 = mul nuw nsw i64 %12, 3
  %14 = call i64 @llvm.smin.i64(i64 %13, i64 3)
  br label %15

15:                                               ; preds = %18, %1
  %16 = phi i64 [ %19, %18 ], [ %14, %1 ]
  %17 = icmp slt i64 %16, 3
  br i1 %17, label %18, label %20

18:                                               ; preds = %15
  call void @wrapped_compare_impl(ptr %5, ptr %5, i64 0, i64 1, i64 72, i64 72, i64 1, ptr %7, ptr %7, i64 0, i64 1, i64 72, i64 72, i64 1, i64 %16)
  %19 = add i64 %16, 1
  br label %15

20:                                               ; preds = %15
  ret ptr null
}

; Function Attrs: alwaysinline
define internal void @wrapped_compare_impl(ptr %0, ptr %1, i64 %2, i64 %3, i64 %4, i64 %5, i64 %6, ptr %7, ptr %8, i64 %9, i64 %10, i64 %11, i64 %12, i64 %13, i64 %14) #0 {
  %16 = mul nsw i64 %14, 32
  %17 = sub i64 72, %16
  %18 = call i64 @llvm.smin.i64(i64 %17, i64 32)
  %19 = icmp eq i64 %18, 32
  %20 = alloca float, i64 32, align 4
  %21 = insertvalue { ptr, ptr, i64, [2 x i64], [2 x i64] } poison, ptr %20, 0
  %22 = insertvalue { ptr, ptr, i64, [2 x i64], [2 x i64] } %21, ptr %20, 1
  %23 = insertvalue { ptr, ptr, i64, [2 x i64], [2 x i64] } %22, i64 0, 2
  %24 = insertvalue { ptr, ptr, i64, [2 x i64], [2 x i64] } %23, i64 1, 3, 0
  %25 = insertvalue { ptr, ptr, i64, [2 x i64], [2 x i64] } %24, i64 32, 3, 1
  %26 = insertvalue { ptr, ptr, i64, [2 x i64], [2 x i64] } %25, i64 32, 4, 0
  %27 = insertvalue { ptr, ptr, i64, [2 x i64], [2 x i64] } %26, i64 1, 4, 1
  %28 = alloca float, i64 32, align 4
  %29 = insertvalue { ptr, ptr, i64, [2 x i64], [2 x i64] } poison, ptr %28, 0
  %30 = insertvalue { ptr, ptr, i64, [2 x i64], [2 x i64] } %29, ptr %28, 1
  %31 = insertvalue { ptr, ptr, i64, [2 x i64], [2 x i64] } %30, i64 0, 2
  %32 = insertvalue { ptr, ptr, i64, [2 x i64], [2 x i64] } %31, i64 1, 3, 0
  %33 = insertvalue { ptr, ptr, i64, [2 x i64], [2 x i64] } %32, i64 32, 3, 1
  %34 = insertvalue { ptr, ptr, i64, [2 x i64], [2 x i64] } %33, i64 32, 4, 0
  %35 = insertvalue { ptr, ptr, i64, [2 x i64], [2 x i64] } %34, i64 1, 4, 1
  %36 = select i1 %19, { ptr, ptr, i64, [2 x i64], [2 x i64] } %27, { ptr, ptr, i64, [2 x i64], [2 x i64] } %35
  br i1 %19, label %37, label %39

37:                                               ; preds = %15
  %38 = getelementptr float, ptr %1, i64 %16
  call void @llvm.memcpy.p0.p0.i64(ptr %20, ptr %38, i64 128, i1 false)
  br label %52

39:                                               ; preds = %15
  br label %40

40:                                               ; preds = %43, %39
  %41 = phi i64 [ %50, %43 ], [ 0, %39 ]
  %42 = icmp slt i64 %41, %18
  br i1 %42, label %43, label %51

43:                                               ; preds = %40
  %44 = getelementptr float, ptr %1, i64 %16
  %45 = add nuw nsw i64 0, %41
  %46 = getelementptr inbounds nuw float, ptr %44, i64 %45
  %47 = load float, ptr %46, align 4
  %48 = add nuw nsw i64 0, %41
  %49 = getelementptr inbounds nuw float, ptr %28, i64 %48
  store float %47, ptr %49, align 4
  %50 = add i64 %41, 1
  br label %40

51:                                               ; preds = %40
  br label %52

52:                                               ; preds = %37, %51
  %53 = alloca i8, i64 32, align 64
  %54 = extractvalue { ptr, ptr, i64, [2 x i64], [2 x i64] } %36, 1
  br label %55

55:                                               ; preds = %58, %52
  %56 = phi i64 [ %65, %58 ], [ 0, %52 ]
  %57 = icmp slt i64 %56, 32
  br i1 %57, label %58, label %66

58:                                               ; preds = %55
  %59 = add i64 0, %56
  %60 = getelementptr float, ptr %54, i64 %59
  %61 = load <8 x float>, ptr %60, align 4
  %62 = fcmp une <8 x float> %61, %61
  %63 = zext <8 x i1> %62 to <8 x i8>
  %64 = getelementptr i8, ptr %53, i64 %59
  store <8 x i8> %63, ptr %64, align 1
  %65 = add i64 %56, 8
  br label %55

66:                                               ; preds = %55
  br i1 %19, label %67, label %69

67:                                               ; preds = %66
  %68 = getelementptr i8, ptr %8, i64 %16
  call void @llvm.memcpy.p0.p0.i64(ptr %68, ptr %53, i64 32, i1 false)
  br label %82

69:                                               ; preds = %66
  br label %70

70:                                               ; preds = %73, %69
  %71 = phi i64 [ %80, %73 ], [ 0, %69 ]
  %72 = icmp slt i64 %71, %18
  br i1 %72, label %73, label %81

73:                                               ; preds = %70
  %74 = add nuw nsw i64 0, %71
  %75 = getelementptr inbounds nuw i8, ptr %53, i64 %74
  %76 = load i8, ptr %75, align 1
  %77 = getelementptr i8, ptr %8, i64 %16
  %78 = add nuw nsw i64 0, %71
  %79 = getelementptr inbounds nuw i8, ptr %77, i64 %78
  store i8 %76, ptr %79, align 1
  %80 = add i64 %71, 1
  br label %70

81:                                               ; preds = %70
  br label %82

82:                                               ; preds = %67, %81
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
