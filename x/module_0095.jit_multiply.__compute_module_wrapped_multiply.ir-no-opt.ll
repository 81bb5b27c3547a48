; ModuleID = '__compute_module___compute_module_wrapped_multiply'
source_filename = "__compute_module___compute_module_wrapped_multiply"
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

%XLA_CPU_KernelCallFrame = type { ptr, ptr, i64, ptr }
%XLA_CPU_KernelArg = type { ptr, i64 }
%kernel_dim3 = type { i64, i64, i64 }

define ptr @wrapped_multiply(ptr %0) {
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
  %15 = mul nuw nsw i64 %14, 5
  %16 = call i64 @llvm.smin.i64(i64 %15, i64 5)
  br label %17

17:                                               ; preds = %20, %1
  %18 = phi i64 [ %21, %20 ], [ %16, %1 ]
  %19 = icmp slt i64 %18, 5
  br i1 %19, label %20, label %22

20:                                               ; preds = %17
  call void @wrapped_multiply_impl(ptr %5, ptr %5, i64 0, i64 1, i64 72, i64 72, i64 1, ptr %7, ptr %7, i64 0, i64 1, i64 72, i64 72, i64 1, ptr %9, ptr %9, i64 0, i64 1, i64 72, i64 72, i64 1, i64 %18)
  %21 = add i64 %18, 1
  br label %17

22:                                               ; preds = %17
  ret ptr null
}

; Function Attrs: alwaysinline
define internal void @wrapped_multiply_impl(ptr %0, ptr %1, i64 %2, i64 %3, i64 %4, i64 %5, i64 %6, ptr %7, ptr %8, i64 %9, i64 %10, i64 %11, i64 %12, i64 %13, ptr %14, ptr %15, i64 %16, i64 %17, i64 %18, i64 %19, i64 %20, i64 %21) #0 {
  %23 = mul nsw i64 %21, 16
  %24 = sub i64 72, %23
  %25 = call i64 @llvm.smin.i64(i64 %24, i64 16)
  %26 = icmp eq i64 %25, 16
  %27 = alloca float, i64 16, align 4
  %28 = insertvalue { ptr, ptr, i64, [2 x i64], [2 x i64] } poison, ptr %27, 0
  %29 = insertvalue { ptr, ptr, i64, [2 x i64], [2 x i64] } %28, ptr %27, 1
  %30 = insertvalue { ptr, ptr, i64, [2 x i64], [2 x i64] } %29, i64 0, 2
  %31 = insertvalue { ptr, ptr, i64, [2 x i64], [2 x i64] } %30, i64 1, 3, 0
  %32 = insertvalue { ptr, ptr, i64, [2 x i64], [2 x i64] } %31, i64 16, 3, 1
  %33 = insertvalue { ptr, ptr, i64, [2 x i64], [2 x i64] } %32, i64 16, 4, 0
  %34 = insertvalue { ptr, ptr, i64, [2 x i64], [2 x i64] } %33, i64 1, 4, 1
  %35 = alloca float, i64 16, align 4
  %36 = insertvalue { ptr, ptr, i64, [2 x i64], [2 x i64] } poison, ptr %35, 0
  %37 = insertvalue { ptr, ptr, i64, [2 x i64], [2 x i64] } %36, ptr %35, 1
  %38 = insertvalue { ptr, ptr, i64, [2 x i64], [2 x i64] } %37, i64 0, 2
  %39 = insertvalue { ptr, ptr, i64, [2 x i64], [2 x i64] } %38, i64 1, 3, 0
  %40 = insertvalue { ptr, ptr, i64, [2 x i64], [2 x i64] } %39, i64 16, 3, 1
  %41 = insertvalue { ptr, ptr, i64, [2 x i64], [2 x i64] } %40, i64 16, 4, 0
  %42 = insertvalue { ptr, ptr, i64, [2 x i64], [2 x i64] } %41, i64 1, 4, 1
  %43 = select i1 %26, { ptr, ptr, i64, [2 x i64], [2 x i64] } %34, { ptr, ptr, i64, [2 x i64], [2 x i64] } %42
  br i1 %26, label %44, label %46

44:                                               ; preds = %22
  %45 = getelementptr float, ptr %1, i64 %23
  call void @llvm.memcpy.p0.p0.i64(ptr %27, ptr %45, i64 64, i1 false)
  br label %59

46:                                               ; preds = %22
  br label %47

47:                                               ; preds = %50, %46
  %48 = phi i64 [ %57, %50 ], [ 0, %46 ]
  %49 = icmp slt i64 %48, %25
  br i1 %49, label %50, label %58

50:                                               ; preds = %47
  %51 = getelementptr float, ptr %1, i64 %23
  %52 = add nuw nsw i64 0, %48
  %53 = getelementptr inbounds nuw float, ptr %51, i64 %52
  %54 = load float, ptr %53, align 4
  %55 = add nuw nsw i64 0, %48
  %56 = getelementptr inbounds nuw float, ptr %35, i64 %55
  store float %54, ptr %56, align 4
  %57 = add i64 %48, 1
  br label %47

58:                                               ; preds = %47
  br label %59

59:                                               ; preds = %44, %58
  %60 = alloca float, i64 16, align 4
  %61 = insertvalue { ptr, ptr, i64, [2 x i64], [2 x i64] } poison, ptr %60, 0
  %62 = insertvalue { ptr, ptr, i64, [2 x i64], [2 x i64] } %61, ptr %60, 1
  %63 = insertvalue { ptr, ptr, i64, [2 x i64], [2 x i64] } %62, i64 0, 2
  %64 = insertvalue { ptr, ptr, i64, [2 x i64], [2 x i64] } %63, i64 1, 3, 0
  %65 = insertvalue { ptr, ptr, i64, [2 x i64], [2 x i64] } %64, i64 16, 3, 1
  %66 = insertvalue { ptr, ptr, i64, [2 x i64], [2 x i64] } %65, i64 16, 4, 0
  %67 = insertvalue { ptr, ptr, i64, [2 x i64], [2 x i64] } %66, i64 1, 4, 1
  %68 = alloca float, i64 16, align 4
  %69 = insertvalue { ptr, ptr, i64, [2 x i64], [2 x i64] } poison, ptr %68, 0
  %70 = insertvalue { ptr, ptr, i64, [2 x i64], [2 x i64] } %69, ptr %68, 1
  %71 = insertvalue { ptr, ptr, i64, [2 x i64], [2 x i64] } %70, i64 0, 2
  %72 = insertvalue { ptr, ptr, i64, [2 x i64], [2 x i64] } %71, i64 1, 3, 0
  %73 = insertvalue { ptr, ptr, i64, [2 x i64], [2 x i64] } %72, i64 16, 3, 1
  %74 = insertvalue { ptr, ptr, i64, [2 x i64], [2 x i64] } %73, i64 16, 4, 0
  %75 = insertvalue { ptr, ptr, i64, [2 x i64], [2 x i64] } %74, i64 1, 4, 1
  %76 = select i1 %26, { ptr, ptr, i64, [2 x i64], [2 x i64] } %67, { ptr, ptr, i64, [2 x i64], [2 x i64] } %75
  br i1 %26, label %77, label %79

77:                                               ; preds = %59
  %78 = getelementptr float, ptr %8, i64 %23
  call void @llvm.memcpy.p0.p0.i64(ptr %60, ptr %78, i64 64, i1 false)
  br label %92

79:                                               ; preds = %59
  br label %80

80:                                               ; preds = %83, %79
  %81 = phi i64 [ %90, %83 ], [ 0, %79 ]
  %82 = icmp slt i64 %81, %25
  br i1 %82, label %83, label %91

83:                                               ; preds = %80
  %84 = getelementptr float, ptr %8, i64 %23
  %85 = add nuw nsw i64 0, %81
  %86 = getelementptr inbounds nuw float, ptr %84, i64 %85
  %87 = load float, ptr %86, align 4
  %88 = add nuw nsw i64 0, %81
  %89 = getelementptr inbounds nuw float, ptr %68, i64 %88
  store float %87, ptr %89, align 4
  %90 = add i64 %81, 1
  br label %80

91:                                               ; preds = %80
  br label %92

92:                                               ; preds = %77, %91
  %93 = alloca float, i64 16, align 64
  %94 = extractvalue { ptr, ptr, i64, [2 x i64], [2 x i64] } %43, 1
  %95 = extractvalue { ptr, ptr, i64, [2 x i64], [2 x i64] } %76, 1
  br label %96

96:                                               ; preds = %99, %92
  %97 = phi i64 [ %107, %99 ], [ 0, %92 ]
  %98 = icmp slt i64 %97, 16
  br i1 %98, label %99, label %108

99:                                               ; preds = %96
  %100 = add i64 0, %97
  %101 = getelementptr float, ptr %94, i64 %100
  %102 = load <8 x float>, ptr %101, align 4
  %103 = getelementptr float, ptr %95, i64 %100
  %104 = load <8 x float>, ptr %103, align 4
  %105 = fmul <8 x float> %102, %104
  %106 = getelementptr float, ptr %93, i64 %100
  store <8 x float> %105, ptr %106, align 4
  %107 = add i64 %97, 8
  br label %96

108:                                              ; preds = %96
  br i1 %26, label %109, label %111

109:                                              ; preds = %108
  %110 = getelementptr float, ptr %15, i64 %23
  call void @llvm.memcpy.p0.p0.i64(ptr %110, ptr %93, i64 64, i1 false)
  br label %124

111:                                              ; preds = %108
  br label %112

112:                                              ; preds = %115, %111
  %113 = phi i64 [ %122, %115 ], [ 0, %111 ]
  %114 = icmp slt i64 %113, %25
  br i1 %114, label %115, label %123

115:                                              ; preds = %112
  %116 = add nuw nsw i64 0, %113
  %117 = getelementptr inbounds nuw float, ptr %93, i64 %116
  %118 = load float, ptr %117, align 4
  %119 = getelementptr float, ptr %15, i64 %23
  %120 = add nuw nsw i64 0, %113
  %121 = getelementptr inbounds nuw float, ptr %119, i64 %120
  store float %118, ptr %121, align 4
  %122 = add i64 %113, 1
  br label %112

123:                                              ; preds = %112
  br label %124

124:                                              ; preds = %109, %123
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
